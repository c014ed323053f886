import type { Unknown } from '../effects';
import { MAX_TEXT, textMethod } from './textMethods';
import { Host, textOf } from './values';
import type { Thing } from './values';

/** A `StringBuilder`. What is unknown in it makes the whole so. */
export class TextBuilder extends Host {
  private content: string | Unknown;

  constructor(content: string) {
    super('java.lang.StringBuilder');
    this.content = content;
  }

  override get text(): string | undefined {
    return typeof this.content === 'string' ? this.content : undefined;
  }

  call(name: string, args: readonly Thing[]): Thing | undefined {
    const [first = null, second = null] = args;
    switch (name) {
      case 'append':
      case 'leftShift':
      case 'plus':
        this.add(textOf(first));
        return this;
      case 'insert': {
        const text = textOf(second);
        if (typeof this.content === 'string' && typeof text === 'string') {
          const at = Number(first);
          this.content = this.content.slice(0, at) + text + this.content.slice(at);
        }
        return this;
      }
      case 'setLength':
        if (typeof this.content === 'string') this.content = this.content.slice(0, Number(first));
        return null;
      case 'reverse':
        if (typeof this.content === 'string') {
          this.content = this.content.split('').reverse().join('');
        }
        return this;
      case 'toString':
        return this.content;
      default:
        return typeof this.content === 'string' ? plain(this.content, name, args) : this.content;
    }
  }

  private add(text: string | Unknown): void {
    if (typeof this.content !== 'string') return;
    if (typeof text !== 'string') this.content = text;
    else if (this.content.length + text.length <= MAX_TEXT) this.content += text;
  }
}

/** What it does as a text. */
function plain(text: string, name: string, args: readonly Thing[]): Thing | undefined {
  const given = textMethod(text, name, args, () => Promise.resolve(null));
  return given instanceof Promise ? undefined : given;
}
