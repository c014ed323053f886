import type { Evidence } from './diagnosis';
import { linesOf, type LogSteps, type Stretch } from './logSteps';

const BEFORE = 6;
const AFTER = 14;
const LAST = 20;
const MOST = 100;
const LONGEST = 500;

/**
 * The lines around the evidence, and the last ones that its step wrote, in the order of the log and
 * with gaps; at most 100, each of at most 500 characters. Without evidence they are the log's last.
 */
export function excerptOf(log: LogSteps, evidence: readonly Evidence[]): Evidence[] {
  const read = new Map<Stretch, readonly Evidence[]>();
  const linesIn = (stretch: Stretch): readonly Evidence[] => {
    const lines = read.get(stretch) ?? linesOf(stretch);
    read.set(stretch, lines);
    return lines;
  };
  const stretches = [
    ...log.steps.flatMap(({ output, failedTest }) => [...(failedTest ? [failedTest] : []), output]),
    ...log.notices.flatMap(({ mixed }) => (mixed ? [mixed.output] : [])),
    ...(log.ending ? [log.ending] : []),
    log.tail,
  ];
  const chosen = new Map<number, Evidence>();
  const choose = (lines: readonly Evidence[]): void => {
    for (const line of lines)
      chosen.set(line.offset, { ...line, text: line.text.slice(0, LONGEST) });
  };
  for (const { offset } of evidence) {
    const around = stretches.find((one) => isWithin(offset, one));
    if (around === undefined) continue;
    const lines = linesIn(around);
    const at = lines.findIndex((line) => line.offset >= offset);
    choose(lines.slice(Math.max(0, at - BEFORE), at + AFTER));
    if (log.steps.some(({ output }) => output === around)) choose(lines.slice(-LAST));
  }
  if (chosen.size === 0) choose(linesIn(log.tail).slice(-LAST));
  return [...chosen.values()].sort((a, b) => a.offset - b.offset).slice(0, MOST);
}

function isWithin(offset: number, stretch: Stretch): boolean {
  return offset >= stretch.offset && offset < stretch.offset + stretch.bytes.length;
}
