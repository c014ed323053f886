import type { Reproduction } from '../../reproduce/store';
import { markOf } from '../look/marks';
import { plain } from '../look/plain';
import {
  describe,
  markOfReproduction,
  partsOf,
  sentenceOf,
  titleOf,
  type ReproductionPart,
} from './reproductionText';
import type { Row } from '../look/row';

/** A line of the view "Reproductions". */
export type ReproductionNode =
  | { readonly kind: 'reproduction'; readonly reproduction: Reproduction }
  | {
      readonly kind: 'part';
      readonly id: string;
      readonly of: Reproduction;
      readonly part: ReproductionPart;
    };

export function belowReproduction(node: ReproductionNode): ReproductionNode[] {
  if (node.kind === 'reproduction') {
    const { reproduction } = node;
    return nodes(reproduction.files.id, reproduction, partsOf(reproduction));
  }
  return node.part.kind === 'stage' ? nodes(node.id, node.of, node.part.children) : [];
}

/** How a node of the view "Reproductions" is shown. */
export function reproductionRow(node: ReproductionNode, now: number): Row {
  if (node.kind === 'part') return partRow(node.id, node.part);
  const { reproduction } = node;
  const title = titleOf(reproduction);
  const description = describe(reproduction, now);
  const { state } = reproduction.status;
  return {
    id: reproduction.files.id,
    label: title,
    description,
    mark: markOfReproduction(reproduction),
    context: `reproduction.${state}`,
    tooltip: [
      title,
      sentenceOf(reproduction),
      `commit ${reproduction.recipe.commit.slice(0, 12)}`,
      ...(reproduction.recipe.withChanges ? ['with your uncommitted changes'] : []),
      ...placeOf(reproduction.recipe.on),
      reproduction.files.id,
    ],
    spoken: `Reproduction of ${title}, ${description.replaceAll(' · ', ', ')}`,
    fold: state === 'ended' ? 'closed' : 'open',
  };
}

function placeOf(on: Reproduction['recipe']['on']): string[] {
  if (!on) return [];
  return ['host' in on ? `on ${on.host}` : `on the borrowed machine ${on.lease}`];
}

function nodes(
  parent: string,
  of: Reproduction,
  parts: readonly ReproductionPart[],
): ReproductionNode[] {
  return parts.map((part, at) => ({ kind: 'part', id: `${parent} ${at}`, of, part }));
}

function partRow(id: string, part: ReproductionPart): Row {
  switch (part.kind) {
    case 'stage':
      return {
        id,
        label: plain(part.name),
        description: [
          ...(part.state === 'passed' ? [] : [part.state]),
          ...(part.why === undefined ? [] : [plain(part.why)]),
        ].join(' · '),
        mark: markOf(part.state),
        spoken: `Stage ${part.name}, ${part.state}`,
        fold: part.children.length > 0 ? 'open' : 'leaf',
      };
    case 'finding': {
      const { level, subject, message, advice } = part.finding;
      return {
        id,
        label: plain(subject),
        description: plain(message),
        mark:
          level === 'stop'
            ? { icon: 'error', color: 'testing.iconErrored' }
            : { icon: 'warning', color: 'testing.iconQueued' },
        tooltip: [message, ...(advice?.split('\n') ?? [])],
        spoken: `${subject}: ${message} ${advice ?? ''}`,
        fold: 'leaf',
      };
    }
    case 'test':
      return {
        id,
        label: plain(part.test.name),
        description: plain(part.test.group),
        mark: { icon: 'beaker', color: 'testing.iconFailed' },
        tooltip: [part.test.name, ...(part.test.details?.split('\n') ?? [])],
        spoken: `Failed test ${part.test.name} ${part.test.group}`,
        fold: 'leaf',
      };
    case 'note':
      return {
        id,
        label: plain(part.text),
        mark: { icon: 'info', color: undefined },
        tooltip: [part.text],
        fold: 'leaf',
      };
  }
}
