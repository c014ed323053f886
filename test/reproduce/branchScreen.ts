/** Prints lines of two branches, to be looked at in a terminal. */
import { createTerminal } from '../../src/cli/terminal';

using terminal = createTerminal(false);
void terminal.output(Buffer.from('one\n'), 'a');
void terminal.output(Buffer.from('two\n'), 'b');
void terminal.output(Buffer.from('three\n'), 'a');
void terminal.output(Buffer.from('no branch\n'));
