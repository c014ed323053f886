import { TIME_UNITS } from '../../pipeline/timeUnits';
import { setTimeout as delay } from 'node:timers/promises';
import type { CarriedOut, CarriedOutAround } from '../../recipe/steps';
import { textOf, type BlockEffect, type StepEffect } from './bench';
import type { Containers } from './containers';
import { withCredentials } from './credentials';
import * as docker from './docker';
import * as files from './files';
import { input } from './input';
import { lock } from './locks';
import { archiveArtifacts, junit } from './results';
import { pwsh } from './scripts';
import { checkout } from './sources';
import { sshagent } from './sshAgent';
import { stash, unstash } from './stashes';

/** What each step without a body does; `recipe/steps.ts` says which there are. */
export const stepEffects: Readonly<Record<CarriedOut, StepEffect>> = {
  archiveArtifacts,
  checkout,
  cleanWs: files.cleanWs,
  deleteDir: files.deleteDir,
  'docker.build': docker.buildStep,
  'docker.pull': docker.pull,
  'docker.run': docker.run,
  'docker.stop': docker.stop,
  'docker.tag': docker.tag,
  echo: async (call, at, bench) => {
    await bench.print(`${textOf(call, 'message') ?? ''}\n`, at);
    return null;
  },
  fileExists: files.fileExists,
  findFiles: files.findFiles,
  git: checkout,
  input,
  isUnix: files.isUnix,
  junit,
  pwd: files.pwd,
  pwsh,
  readFile: files.readFileStep,
  readJSON: files.readJson,
  readProperties: files.readProperties,
  readTrusted: files.readTrusted,
  sha1: files.sha1,
  sha256: files.sha256,
  sleep: async (call, at) => {
    const unit = call.args.get('unit');
    const time = Number(call.args.get('time') ?? call.args.get('') ?? 0);
    const milliseconds = TIME_UNITS[typeof unit === 'string' ? unit : 'SECONDS'] ?? 1000;
    await delay(time * milliseconds, undefined, { signal: at.signal });
    return null;
  },
  stash,
  touch: files.touch,
  unstash,
  writeFile: files.writeFileStep,
  writeJSON: files.writeJson,
};

/** What each step with a body does around it. */
export function blockEffects(
  containers: Containers,
): Readonly<Record<CarriedOutAround, BlockEffect>> {
  return {
    credentials: withCredentials,
    'docker.inside': docker.inside(containers),
    'docker.withRegistry': docker.withRegistry,
    'docker.withRun': docker.withRun,
    lock,
    sshagent,
    withCredentials,
    ws: (call, at, body, bench) =>
      bench.withWorkspace(textOf(call, 'dir'), async (workspace) => {
        const add = (name: string, value: string) => ({
          name,
          value,
          origin: 'ws',
          line: at.range.line,
        });
        const variables = [add('WORKSPACE', workspace), add('WORKSPACE_TMP', `${workspace}@tmp`)];
        await body({ directory: '.', variables });
      }),
  };
}
