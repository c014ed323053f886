import { JenkinsError } from '../jenkinsError';

/** The failure of what answers, but is another server. */
export function notJenkins(base: string): JenkinsError {
  return new JenkinsError('not-jenkins', `${base} does not answer like Jenkins.`, {
    advice: 'Check the address, with the path prefix that your browser shows on its start page.',
  });
}
