/**
 * A linter for the double that answers in the words of Jenkins' own, and knows one rule: a
 * Declarative Pipeline has to say where it runs.
 */
export function onlyAgents(jenkinsfile: string): string {
  const lines = jenkinsfile.split('\n');
  const line = lines.findIndex((text) => /^\s*pipeline\s*\{/.test(text));
  if (line < 0) return `Jenkinsfile content '${jenkinsfile}' did not contain the 'pipeline' step\n`;
  if (/\bagent\b/.test(jenkinsfile)) return 'Jenkinsfile successfully validated.\n';
  const place = `@ line ${line + 1}, column 1.`;
  return `Errors encountered validating Jenkinsfile:
WorkflowScript: ${line + 1}: Missing required section "agent" ${place}
   ${lines[line]}
   ^

`;
}
