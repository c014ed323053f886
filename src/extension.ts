import { join } from 'node:path';
import * as vscode from 'vscode';
import { systemClock } from './base/clock';
import { Doings } from './editor/doing/doing';
import { registerCommands } from './editor/frame/commands';
import { Credentials } from './editor/reproductions/credentials';
import { Languages } from './editor/jenkinsfiles/languages';
import { Launcher } from './editor/reproductions/launcher';
import { linkHandler } from './editor/reproductions/links';
import { LogDocuments } from './editor/logs/logDocuments';
import { Machines } from './editor/machines/machines';
import { PlanDocuments } from './editor/reproductions/planDocuments';
import { planner } from './editor/reproductions/planner';
import { Artifacts } from './editor/runs/artifacts';
import { Favourites } from './editor/runs/favourites';
import { jobCommands } from './editor/runs/jobCommands';
import { checkedOut, repositoryNames } from './editor/runs/repositories';
import { kitchen, reproducer } from './editor/reproductions/reproduceRun';
import { reproductionCommands } from './editor/reproductions/reproductionCommands';
import { Reproductions } from './editor/reproductions/reproductions';
import { ReproductionsView } from './editor/reproductions/reproductionsView';
import { runCommands } from './editor/runs/runCommands';
import { RunDetails } from './editor/runs/runDetails';
import { createRunStore } from './editor/runs/runStore';
import { RunsView } from './editor/runs/runsView';
import { serverCommands } from './editor/servers/serverCommands';
import { Servers } from './editor/servers/servers';
import { listensToServers, readJobs, refreshInterval } from './editor/frame/settings';
import { Tests } from './editor/tests/tests';
import { Told } from './editor/told/told';
import { languageModelTools, registerTools, type Tools } from './editor/tools/tools';
import { tellVerdicts } from './editor/reproductions/verdictNotices';
import { ViewState } from './editor/frame/viewState';

/** What tests inside the extension host may look at; nobody else gets it. */
export interface TestApi {
  readonly runs: RunsView;
  readonly reproductions: ReproductionsView;
  readonly servers: Servers;
  readonly languages: Languages;
  readonly tests: Tests;
  readonly told: Told;
  readonly tools: Tools;
  readonly machines: Machines;
  readonly links: ReturnType<typeof linkHandler>;
}

/** Builds the parts and wires them. Nothing here waits, reads or asks a server. */
export function activate(context: vscode.ExtensionContext): TestApi | undefined {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  const plan = planner(cli);
  const output = vscode.window.createOutputChannel('CI Parity', { log: true });
  const servers = new Servers(context.secrets, join(context.extensionPath, 'dist', 'reader.js'));
  const store = createRunStore({
    server: (url) => servers.of(url)?.url,
    client: async (url) => servers.client(servers.at(url)),
    cache: (url) => {
      const server = servers.of(url);
      return server && servers.cache(server);
    },
    interval: refreshInterval,
    pushes: listensToServers,
    clock: systemClock,
  });
  // Before anybody else hears of it, and asks the store again.
  const forgetting = servers.onDidChange(() => store.forget());
  const details = new RunDetails((run) => servers.client(servers.at(run.url)));
  const reproductions = new Reproductions();
  const machines = new Machines({
    ...{ cli, output, servers, secrets: context.secrets, memento: context.workspaceState },
  });
  const state = new ViewState(servers, reproductions, context.workspaceState);
  const credentials = new Credentials(context.secrets, context.globalState);
  const launcher = new Launcher(cli, plan, credentials, reproductions, (recipe) =>
    machines.prepare(recipe),
  );
  const reproduce = reproducer({ servers, details }, launcher);
  const tests = new Tests({ details, reproductions, reproduce, output });
  const logs = new LogDocuments({ servers, details, output });
  const plans = new PlanDocuments(plan);
  const lends = () => machines.available;
  const languages = new Languages({ servers, store, details, credentials, output, lends });
  const doing = new Doings({ servers, store, output });
  const links = linkHandler(servers, output);
  const artifacts = new Artifacts(servers);
  const favourites = new Favourites(context.globalState);
  const runs = new RunsView({
    servers: () => servers.list(),
    jobs: () => readJobs().map(({ url }) => url),
    favourites: () => favourites.all(),
    showsAll: () => state.showsAll(),
    failingOnly: () => state.failingOnly(),
    branch: (signal) => checkedOut(undefined, signal),
    repositories: repositoryNames,
    client: (server) => servers.client(server),
    clock: systemClock,
    store,
    details,
  });
  const memento = context.workspaceState;
  const told = new Told({ store, servers, details, view: runs, tests, memento, output });
  const tools = languageModelTools({
    ...{ servers, details, plan, launcher, reproductions, kitchen, output },
  });
  const reproductionsView = new ReproductionsView(reproductions);
  const refresh = async (): Promise<void> => {
    languages.refresh();
    await runs.refresh();
  };

  context.subscriptions.push(
    output,
    servers,
    reproductions,
    state,
    launcher,
    tests,
    logs,
    plans,
    languages,
    doing,
    artifacts,
    runs,
    told,
    reproductionsView,
    machines,
    { dispose: () => store[Symbol.dispose]() },
    forgetting,
    vscode.window.onDidChangeWindowState(({ focused }) => store.attend(focused)),
    state.onDidChange(() => {
      runs.redraw();
      told.look();
    }),
    tellVerdicts(reproductions),
    registerTools(tools),
    vscode.window.registerUriHandler(links),
    registerCommands(
      {
        ...serverCommands(servers, credentials),
        ...state.commands(),
        ...artifacts.commands(),
        ...jobCommands({ servers, store, favourites, state, view: runs }),
        ...runCommands({
          servers,
          store,
          details,
          view: runs,
          launcher,
          reproduce,
          tests,
          logs,
          plans,
          machines,
        }),
        ...reproductionCommands(reproductions, launcher, logs, cli),
        ...languages.commands(),
        ...told.commands(),
        ...machines.commands(),
        ...doing.commands(),
        ...logs.commands(),
        'ciParity.refresh': refresh,
        'ciParity.showLogChannel': () => output.show(),
      },
      output,
    ),
  );
  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  const views = { runs, reproductions: reproductionsView, machines };
  return { ...views, servers, languages, tests, told, tools, links };
}
