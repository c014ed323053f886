/** The agents behind `computer/api/json` (jenkins core's Computer and Executor, workflow-durable-task-step). */
import { isBuilding, urlOf, type Context, type LiveJob, type LiveRun } from './live';
import { nodeModel } from './nodes';
import type { Model } from './tree';

const PLACEHOLDER =
  'org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask$PlaceholderExecutable';

/** A Pipeline has an executor that counts for nothing on the server's own node, and one on its agent. */
export function agentsModel(context: Context): Model {
  const running = context.roots.flatMap((job) => runningIn(job));
  const urlFor = ({ job, run }: Running) => `${urlOf(job, context)}${run.number}/`;
  const busy = (each: Running): Model => ({
    currentExecutable: {
      _class: isPipeline(each) ? PLACEHOLDER : 'hudson.model.FreeStyleBuild',
      number: each.run.number,
      url: urlFor(each),
    },
    idle: false,
    number: 0,
    progress: 50,
  });
  const agents = [{ name: 'Built-In Node', executors: 0 }, ...(context.options.world.agents ?? [])];
  return {
    _class: 'hudson.model.ComputerSet',
    computer: [
      ...agents.map(({ name, executors, ...rest }, at) => {
        const here = running.filter(({ run }) => run.spec.agent === name).map(busy);
        const idle = Array.from({ length: Math.max(0, executors - here.length) }, () => IDLE);
        return {
          _class: at === 0 ? 'hudson.model.Hudson$MasterComputer' : 'hudson.slaves.SlaveComputer',
          displayName: name,
          executors: [...here, ...idle],
          offline: 'offline' in rest && rest.offline,
          oneOffExecutors:
            at > 0
              ? []
              : running.filter(isPipeline).map((each) => ({
                  currentExecutable: {
                    _class: 'org.jenkinsci.plugins.workflow.job.WorkflowRun',
                    number: each.run.number,
                    url: urlFor(each),
                  },
                  idle: false,
                  number: -1,
                  progress: 50,
                })),
        };
      }),
      ...context.nodes.all.map(nodeModel),
    ],
  };
}

const IDLE: Model = { currentExecutable: null, idle: true, number: 0, progress: -1 };

interface Running {
  readonly job: LiveJob;
  readonly run: LiveRun;
}

function runningIn(job: LiveJob): Running[] {
  // Only the newest runs of a job may still be running.
  const own = job.runs.slice(0, 5).filter(({ spec }) => isBuilding(spec));
  return [...own.map((run) => ({ job, run })), ...job.jobs.flatMap(runningIn)];
}

function isPipeline({ job }: Running): boolean {
  return job.spec.kind !== 'freestyle';
}
