/** Gives texts from standard input, as JSON, to everything that prints. */
import { readFileSync } from 'node:fs';
import { createTerminal } from '../../src/cli/terminal';

const texts = JSON.parse(readFileSync(0, 'utf8')) as string[];
using terminal = createTerminal(process.argv[2] === 'json');
for (const text of texts) {
  terminal.print(text);
  terminal.say(text);
  terminal.error(text);
  terminal.emit({ text, [text]: [text] });
  void terminal.output(Buffer.from('step\n'), text);
}
