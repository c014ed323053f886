import { fields, list, text } from './json';
import { decodeName, fullNameOf, rebase } from './url';

export type JobState = 'passed' | 'failed' | 'unstable' | 'aborted' | 'not-built' | 'disabled';

/** Something that has runs, or that holds others. */
export interface Job {
  /** As people write it: `feature/x`. */
  readonly name: string;
  /** Jenkins' own full name: `folder/cilium/feature%2Fx`. */
  readonly fullName: string;
  /** Below the address the user typed; ends with `/`. */
  readonly url: string;
  readonly kind: 'job' | 'folder' | 'multibranch';
  /** How its last run ended; undefined for folders. */
  readonly state: JobState | undefined;
  /** Whether it runs right now. */
  readonly running: boolean;
}

export const JOB_FIELDS = 'name,url,color';

export function jobsOf(json: unknown, server: string): Job[] {
  return list(fields(json)['jobs']).flatMap((item) => {
    const { _class, name, url, color } = fields(item);
    const kind = kindOf(text(_class) ?? '', text(color));
    const address = text(url);
    if (kind === undefined || address === undefined) return [];
    const own = rebase(address, server);
    return {
      name: decodeName(text(name) ?? ''),
      fullName: fullNameOf(own),
      url: own,
      kind,
      state: stateOf(text(color)),
      running: text(color)?.endsWith('_anime') ?? false,
    };
  });
}

/** Undefined for what neither holds jobs nor runs, such as templates. */
function kindOf(type: string, color: string | undefined): Job['kind'] | undefined {
  if (type.endsWith('MultiBranchProject')) return 'multibranch';
  if (type.endsWith('Folder')) return 'folder';
  return color === undefined ? undefined : 'job';
}

function stateOf(color: string | undefined): JobState | undefined {
  switch (color?.replace('_anime', '')) {
    case 'blue':
    case 'green':
      return 'passed';
    case 'red':
      return 'failed';
    case 'yellow':
      return 'unstable';
    case 'aborted':
      return 'aborted';
    case 'disabled':
      return 'disabled';
    case 'notbuilt':
    case 'grey':
      return 'not-built';
    default:
      return undefined;
  }
}
