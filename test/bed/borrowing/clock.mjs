// Preloaded into our program: its clock and its timers are the test's. The file `BED_CLOCK` holds how many
// milliseconds its clock is ahead of this machine's, now; `BED_PACE` has waits, each with what is waited
// instead (`60000:300`), and what all others are divided by (`*:10`); pauses of a random length have a divisor
// of their own (`random:10`), and so has what is given up (`limit 50000:5000`).
import { readFileSync } from 'node:fs';
import promises from 'node:timers/promises';

const pace = new Map((process.env.BED_PACE || '*:1').split(',').map((one) => one.split(':')));
const paced = (milliseconds = 0) => {
  const random = Number.isInteger(milliseconds) ? undefined : pace.get('random');
  return Number(
    pace.get(String(milliseconds)) ?? milliseconds / Number(random ?? pace.get('*') ?? 1),
  );
};

const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(process.env.BED_CLOCK, 'utf8'));
globalThis.Date = class Date extends RealDate {
  constructor(...words) {
    if (words.length === 0) super(now());
    else super(...words);
  }
  static now() {
    return now();
  }
};

const speed = Number(pace.get('*') ?? 1);
const start = performance.now();
const monotonic = performance.now.bind(performance);
performance.now = () => start + (monotonic() - start) * speed;

for (const name of ['setTimeout', 'setInterval']) {
  const real = globalThis[name];
  globalThis[name] = Object.assign(
    (run, milliseconds, ...rest) => real(run, paced(milliseconds), ...rest),
    real,
  );
}
const limit = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (milliseconds) =>
  limit(Number(pace.get(`limit ${milliseconds}`) ?? milliseconds));
const wait = promises.setTimeout;
promises.setTimeout = (milliseconds, ...rest) => wait(paced(milliseconds), ...rest);
