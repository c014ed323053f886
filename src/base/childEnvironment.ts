/** What only this program is to know: the tokens and credentials that a person gives it by its environment. */
const OURS = /^(CI_PARITY_.*|JENKINS_(USER|TOKEN|CA)|METAL_AUTH_TOKEN)$/i;

/**
 * The environment of every program that is started and is no step of a Jenkinsfile: this one's,
 * without our secrets. Git runs filters that a foreign commit switches on, and `ssh` what a
 * configuration names.
 */
export function childEnvironment(
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !OURS.test(entry[0]),
    ),
  );
}
