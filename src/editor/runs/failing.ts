import type { Job } from '../../jenkins/jobs';

/** Whether a job's last run failed or was unstable. */
export function isFailing({ state }: Job): boolean {
  return state === 'failed' || state === 'unstable';
}

/** The addresses of jobs that fail, and of all that they lie in. */
export function failingIn(jobs: readonly Job[], server: string): Set<string> {
  const failing = new Set<string>([server]);
  for (const job of jobs) {
    if (!isFailing(job)) continue;
    let { url } = job;
    while (url.length > server.length && !failing.has(url)) {
      failing.add(url);
      url = url.replace(/job\/[^/]+\/$/, '');
    }
  }
  return failing;
}
