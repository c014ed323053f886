import * as vscode from 'vscode';
import { offerSecrets, type Offer, type WantedCredential } from '../../base/secretChannel';
import { parseRunUrl } from '../../jenkins/url';
import type { Recipe } from '../../recipe/recipe';
import { createReproduction } from '../../reproduce/store';
import type { Credentials } from './credentials';
import { plain } from '../look/plain';
import type { Planner } from './planner';
import { kitchen } from './reproduceRun';
import { withProgress } from '../frame/progress';
import type { Reproductions } from './reproductions';
import { openRunner } from './runnerTerminals';
import { mustBeAbleToReproduce } from '../frame/trust';

/** Gives the recipe with a machine that is there; undefined when the person cancelled. */
export type Prepare = (recipe: Recipe) => Promise<Recipe | undefined>;

/** Starts reproductions, each in a terminal of its own. */
export class Launcher implements vscode.Disposable {
  readonly #cli: string;
  readonly #planner: Planner;
  readonly #credentials: Credentials;
  readonly #reproductions: Reproductions;
  readonly #prepare: Prepare;
  /** Secrets that a runner has not fetched yet. */
  readonly #offers = new Map<vscode.Terminal, Offer>();
  readonly #closing: vscode.Disposable;

  constructor(
    cli: string,
    planner: Planner,
    credentials: Credentials,
    reproductions: Reproductions,
    prepare: Prepare,
  ) {
    this.#cli = cli;
    this.#planner = planner;
    this.#credentials = credentials;
    this.#reproductions = reproductions;
    this.#prepare = prepare;
    this.#closing = vscode.window.onDidCloseTerminal((terminal) => {
      void this.#offers.get(terminal)?.[Symbol.asyncDispose]();
      this.#offers.delete(terminal);
    });
  }

  /**
   * Asks what has to be asked, then starts the reproduction.
   * @returns its id; undefined when the person said no.
   */
  async start(wanted: Recipe): Promise<string | undefined> {
    mustBeAbleToReproduce();
    (await kitchen()).mustBeTaken(wanted);
    if (!(await mayRun(wanted))) return undefined;
    const recipe = await this.#prepare(wanted);
    if (!recipe) return undefined;
    // What may run on a machine that is lent may not run here without a word.
    if (wanted.on && !recipe.on && !(await mayRun(recipe))) return undefined;
    const credentials = await this.#wantedCredentials(recipe);
    const secrets = await this.#credentials.get(credentials, ownerOf(recipe));
    if (!secrets) return undefined;
    const offer = credentials.length > 0 ? await offerSecrets(secrets) : undefined;
    // Watched from before the beginning, so that its end is not missed.
    this.#reproductions.all();
    const files = createReproduction(recipe);
    const { directory } = recipe.repository;
    const terminal = openRunner(this.#cli, files, titleOf(recipe), directory, offer?.path);
    if (offer) this.#offers.set(terminal, offer);
    return files.id;
  }

  dispose(): void {
    this.#closing.dispose();
    for (const offer of this.#offers.values()) void offer[Symbol.asyncDispose]();
  }

  /** Most Jenkinsfiles want none, and their reproductions start without waiting for a plan. */
  async #wantedCredentials(recipe: Recipe): Promise<readonly WantedCredential[]> {
    // A library that the server loads by itself is not named in the text.
    const text = recipe.jenkinsfile.text;
    if (!recipe.libraries && !/credentials|sshagent|withRegistry|library/i.test(text)) return [];
    const { plan } = await withProgress('Looking which credentials are wanted', (signal) =>
      this.#planner(recipe, signal),
    );
    return plan.credentials;
  }
}

/** Whose credentials a recipe's are: its server's, or its folder's where there is no run. */
function ownerOf({ run, repository }: Recipe): string {
  return run ? (parseRunUrl(run.url)?.server ?? run.url) : repository.directory;
}

function titleOf({ run, jenkinsfile, select }: Recipe): string {
  if (run) return plain(`Reproduce ${run.job} #${run.number}`);
  return plain(`Run ${select.kind === 'stage' ? select.name : jenkinsfile.path}`);
}

/** A stranger's code is announced before it may run. */
async function mayRun({ run, commit, on }: Recipe): Promise<boolean> {
  const change = run?.change;
  if (!change || change.fork === false) return true;
  const whose = change.author === undefined ? 'somebody' : plain(change.author);
  const where = change.fork === true ? 'comes from a fork' : 'may come from a fork';
  const title = change.title === undefined ? '' : ` "${plain(change.title)}"`;
  const answer = await vscode.window.showWarningMessage(
    `Run the code of change ${plain(change.id)}?`,
    {
      modal: true,
      detail: `The change${title} by ${whose} ${where}. Its code at commit ${commit.slice(0, 12)} would run on ${on ? 'the other machine' : 'this machine as you, with all that you may do'}.`,
    },
    RUN_IT,
  );
  return answer === RUN_IT;
}

const RUN_IT = 'Run It';
