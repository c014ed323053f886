import type { Row } from './measure';

/** The rows as a table for people. */
export function table(rows: readonly Row[]): string {
  const head = ['what', 'ours', 'reference', 'compared', 'target', ''];
  const body = rows.map((row) => [
    row.what,
    `${number(row.ours)} ${row.unit}`,
    row.reference === undefined
      ? ''
      : `${number(row.reference.value)} ${row.unit} (${row.reference.name})`,
    comparison(row),
    row.target?.words ?? '',
    row.target === undefined ? '' : row.target.met ? 'met' : 'MISSED',
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((cells) => (cells[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const notes = rows.flatMap(({ what, note }) => (note === undefined ? [] : [`${what}: ${note}`]));
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...body.map(line),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ].join('\n');
}

function comparison({ compared, unit }: Row): string {
  if (compared === undefined) return '';
  if (compared.how === 'ratio') return `× ${compared.value.toFixed(2)}`;
  return `${compared.value < 0 ? '−' : '+'}${number(Math.abs(compared.value))} ${unit}`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
