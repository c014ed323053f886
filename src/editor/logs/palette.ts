import type { Style } from './screen';

/** A style in the words of editors. A colour is `#rrggbb` or the id of one of VS Code's theme. */
export interface Look {
  readonly color?: string;
  readonly background?: string;
  readonly fontWeight?: 'bold';
  readonly fontStyle?: 'italic';
  readonly opacity?: string;
  readonly textDecoration?: string;
}

export function lookOf(style: Style): Look {
  const { color, background, inverse } = style;
  // What has no colour of its own has the editor's.
  const front = inverse === true ? (background ?? 'editor.background') : color;
  const back = inverse === true ? (color ?? 'editor.foreground') : background;
  const lines = [style.underline && 'underline', style.struck && 'line-through'].filter(Boolean);
  return {
    ...(front !== undefined && { color: named(front) }),
    ...(back !== undefined && { background: named(back) }),
    ...(style.bold && { fontWeight: 'bold' }),
    ...(style.italic && { fontStyle: 'italic' }),
    ...(style.faint && { opacity: '0.7' }),
    ...(lines.length > 0 && { textDecoration: lines.join(' ') }),
  };
}

function named(color: number | string): string {
  if (typeof color === 'string') return color.startsWith('#') ? coarse(color) : color;
  const name = ANSI[color];
  return name === undefined ? rgb(color) : `terminal.ansi${name}`;
}

const EIGHT = ['Black', 'Red', 'Green', 'Yellow', 'Blue', 'Magenta', 'Cyan', 'White'];
const ANSI = [...EIGHT, ...EIGHT.map((name) => `Bright${name}`)];

/** The 6 × 6 × 6 cube and the greys above it, as xterm has them. */
function rgb(color: number): string {
  if (color >= 232) return hex([0, 0, 0].map(() => 8 + 10 * (color - 232)));
  const cube = color - 16;
  const steps = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return hex(steps.map((step) => (step === 0 ? 0 : 55 + 40 * step)));
}

/** True colours are many, and decoration types are few: nobody sees the difference of one in sixteen. */
function coarse(color: string): string {
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return hex(parts.map((part) => Math.min(255, Math.round(part / 17) * 17)));
}

function hex(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
