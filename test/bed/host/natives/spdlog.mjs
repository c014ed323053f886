// Stands in for @vscode/spdlog, which has to be compiled. Without a logger VS Code writes no log files,
// and an extension's output channels, which are such files, stay empty. It never rotates: test runs
// are short.
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

const levels = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

export class Logger {
  #level = 2;
  #bare = false;
  #file;

  constructor(_type, _name, file) {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, '');
    this.#file = file;
  }

  trace = (message) => this.#write(0, message);
  debug = (message) => this.#write(1, message);
  info = (message) => this.#write(2, message);
  warn = (message) => this.#write(3, message);
  error = (message) => this.#write(4, message);
  critical = (message) => this.#write(5, message);

  getLevel() {
    return this.#level;
  }

  setLevel(level) {
    this.#level = level;
  }

  setPattern() {
    this.#bare = false;
  }

  clearFormatters() {
    this.#bare = true;
  }

  flush() {}

  drop() {}

  #write(level, message) {
    if (level < this.#level) return;
    const time = new Date().toISOString().replace('T', ' ').replace('Z', '');
    const text = this.#bare ? message : `${time} [${levels[level]}] ${message}\n`;
    try {
      appendFileSync(this.#file, text);
    } catch {
      // The folder goes while the server is being ended.
    }
  }
}

export const version = 0;
export const setLevel = () => {};
export const setFlushOn = () => {};
export const createRotatingLogger = async (name, file) => new Logger('', name, file);
export const createAsyncRotatingLogger = createRotatingLogger;
