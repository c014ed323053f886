import type { RunsNode } from '../runs/runsNodes';
import { answerInput } from './answering';
import { build, rerun } from './building';
import { chooseJob, chooseQueued, chooseRun } from './choose';
import { opener, type DoingParts } from './doingParts';
import { replay, showReplayDiff } from './replaying';
import { restartFromStage } from './restarting';
import { ScriptDocuments } from './scriptDocuments';
import { stopRun } from './stopping';
import { takeOut } from './takingOut';

/** The commands that change something on a server; from the palette each lets the person pick first. */
export interface DoingCommands {
  build(node?: RunsNode): Promise<void>;
  rerun(node?: RunsNode): Promise<void>;
  stopRun(node?: RunsNode): Promise<void>;
  showReplayDiff(node?: RunsNode): Promise<void>;
  replay(node?: RunsNode): Promise<void>;
  answerInput(node?: RunsNode): Promise<void>;
  restartFromStage(node?: RunsNode): Promise<void>;
  cancelQueueItem(node?: RunsNode): Promise<void>;
  dispose(): void;
}

export function startDoing(parts: DoingParts): DoingCommands {
  const opening = opener(parts);
  const { open } = opening;
  const documents = new ScriptDocuments();
  const placeholder = 'A run, the newest first';
  return {
    async build(node) {
      const target = await chooseJob(parts, 'Build which job?', node);
      if (target) await build(open, target);
    },
    async rerun(node) {
      const run = await chooseRun(parts, { title: 'Rerun which run?', placeholder }, node);
      if (run) await rerun(open, run);
    },
    async stopRun(node) {
      const words = { title: 'Stop which run?', placeholder };
      const run = await chooseRun(parts, words, node, ({ building }) => building);
      if (run) await stopRun(open, run);
    },
    async showReplayDiff(node) {
      const words = { title: 'Show the changed script of which run?', placeholder };
      const run = await chooseRun(parts, words, node);
      if (run) await showReplayDiff(open, documents, run);
    },
    async replay(node) {
      const run = await chooseRun(parts, { title: 'Replay which run?', placeholder }, node);
      if (run) await replay(open, documents, run);
    },
    async answerInput(node) {
      if (node?.kind === 'input') return answerInput(open, node.of, node.input);
      const words = { title: 'Answer which run?', placeholder };
      const run = await chooseRun(parts, words, node, ({ building }) => building);
      if (run) await answerInput(open, run, undefined);
    },
    async restartFromStage(node) {
      const words = { title: 'Restart which run?', placeholder };
      const run = await chooseRun(parts, words, node, ({ building }) => !building);
      if (run) await restartFromStage(open, run, node?.kind === 'stage' ? node.stage : undefined);
    },
    async cancelQueueItem(node) {
      const given =
        node?.kind === 'queued' ? { server: node.below.server, item: node.item } : undefined;
      const queued = await chooseQueued(parts, 'Take what out of the queue?', given);
      if (queued) await takeOut(open, queued);
    },
    dispose() {
      opening.dispose();
      documents.dispose();
    },
  };
}
