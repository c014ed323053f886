/**
 * Reads hostile texts, each of which takes quadratic or exponential time if an expression begins
 * anew at each of its characters. Prints the name of each case before it runs it; the test ends this
 * process when it takes too long.
 */
import { syncedFolders } from '../../src/editor/logs/guestPaths';
import { createProblemReader } from '../../src/editor/logs/problems';
import { readLink } from '../../src/editor/reproductions/linkText';
import { fileNameOf } from '../../src/editor/runs/artifactText';
import { shortName } from '../../src/editor/tests/namedPlaces';
import { repositoryOf, parseGitAddress, withoutLogin } from '../../src/base/gitAddress';
import { parseLint } from '../../src/jenkins/lint';
import { createLogScanner } from '../../src/jenkins/logTests';
import { baseUrl, rebase } from '../../src/jenkins/url';
import { goesAround } from '../../src/jenkins/wire/proxies';
import { antMatcher } from '../../src/machines/antFiles';
import { checkRemoval } from '../../src/machines/removal';
import { parseJump } from '../../src/machines/ssh/configuration';
import { findTrouble } from '../../src/machines/vagrant';
import { shellNames } from '../../src/pipeline/names/shellNames';
import { format } from '../../src/pipeline/run/formats';
import { numberOf } from '../../src/pipeline/run/numerics';
import { fits, found, javaPattern, replaced } from '../../src/pipeline/run/patterns';
import { splitText } from '../../src/pipeline/run/textMethods';
import { mentionedProviders } from '../../src/reproduce/ready';

const LENGTH = 300_000;
const many = (text: string): string => text.repeat(Math.ceil(LENGTH / text.length));

const log = (line: string): Buffer => Buffer.from(`${line}\n`);

const cases: Readonly<Record<string, () => unknown>> = {
  'a remote address of slashes': () => {
    const address = `https://host/${many('/')}x`;
    parseGitAddress(address);
    withoutLogin(address);
    withoutLogin(many('a@'));
    return repositoryOf({ host: 'host', path: `${many('/')}x` } as never);
  },
  "a server's address of slashes": () => {
    baseUrl(`https://host${many('/')}x`);
    return rebase(`https://host/job/${many('/')}x`, 'https://host/');
  },
  'a link': () => readLink({ path: '/reproduce', query: `url=https://host/job/${many('%252F')}` }),
  "an artifact's name of dots": () => fileNameOf(`${many('. ')}x`),
  "a linter's answer of blanks": () =>
    parseLint(`Errors encountered validating Jenkinsfile:\nWorkflowScript: 1: ${many(' ')}x`),
  'a log of Ginkgo': () => {
    const scanner = createLogScanner();
    scanner.push(log(`[FAIL] ${many(' ')}[x`));
    scanner.push(log(`[FAIL] ${many('[It')}`));
    return scanner.end();
  },
  'a log with problems': () => {
    const reader = createProblemReader();
    for (const line of [
      `[FAIL] ${many(' ')}x`,
      many('WARNING: at '),
      `BUG: at a.c:${many('1')}x`,
      `at ${many('a.')}`,
    ])
      reader.line(line);
    return reader;
  },
  "a test's name of brackets": () => shortName(`${many('[')}${many('(')}x`),
  'a list of proxies': () => goesAround('https://host/', [`${many(' ')}x`, `${many('1')}x`]),
  "an error of umount's": () => {
    checkRemoval('/x', { code: 0, stdout: '', stderr: many(':') });
  },
  'a host to jump over': () => {
    for (const text of [`${many('@')}:x`, `${many('a:')}]`, `[${many('[')}`])
      try {
        parseJump(text);
      } catch {
        // Refusing it is an answer.
      }
  },
  'an output of Vagrant': () => findTrouble(`x${many('\n')}${many(' ')}x`),
  'patterns for files with many folders between': () => {
    const matcher = antMatcher({ includes: `${'**/a/'.repeat(40)}b` });
    return matcher(`${'a/'.repeat(400)}x`);
  },
  'a script of backslashes': () => {
    const text = `${many('\\')}x`;
    return shellNames(text, { start: 0, end: text.length }, 'sh', false);
  },
  'a format of zeros': () => [format(`%${many('0')}!`, []), format(`%${many('1')}!`, [])],
  'a number with separators': () => numberOf(`${many('1')}x`),
  'a Vagrantfile of blanks': () => {
    syncedFolders(`config.vm.synced_folder "a", ${many(' ')}x`);
    return mentionedProviders(`.provider${many(' ')}x`);
  },
  'patterns of a Jenkinsfile': () => {
    const text = 'a'.repeat(90_000);
    javaPattern('('.repeat(900));
    const answers = [
      fits(text, 'a*a*a*b'),
      found(text, 'a*a*c'),
      replaced(text, 'a*a*d', '', true),
      splitText(text, 'a*a*e', undefined),
      // A loop over a slow one takes its time only once.
      ...Array.from({ length: 100 }, () => fits(text, 'a*a*a*b')),
    ];
    if (answers.some((answer) => answer !== undefined))
      throw new Error('There is no telling what these give.');
  },
};

for (const [name, run] of Object.entries(cases)) {
  process.stdout.write(`${name}\n`);
  run();
}
process.stdout.write('done\n');
