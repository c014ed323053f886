import { Unknown, type Agent } from '../pipeline/effects';

/** Where an agent's steps run. */
export function placeOf(agent: Agent) {
  const text = agent.text instanceof Unknown ? `‹${agent.text.origin}›` : (agent.text ?? '');
  switch (agent.kind) {
    case 'docker':
      return {
        ...{ asked: '', container: text, options: argsOf(agent) },
        note: agent.settings?.has('registryCredentialsId') === true ? NO_SIGN_IN : undefined,
      };
    case 'dockerfile':
      return {
        ...{ asked: '', container: text || 'Dockerfile' },
        ...{ options: argsOf(agent), note: undefined },
      };
    case 'kubernetes':
      return {
        asked: 'a Kubernetes pod',
        container: undefined,
        options: '',
        note: 'there is no pod here: its steps run on this machine, and the verdict says so',
      };
    case 'other':
      return {
        asked: text,
        container: undefined,
        options: '',
        note: 'CI Parity does not know this agent: its steps run on this machine, and the verdict says so',
      };
    default:
      return { asked: text, container: undefined, options: '', note: undefined };
  }
}

const NO_SIGN_IN =
  'it is not signed in to the registry: the image must be here already, or docker signed in by you';

function argsOf({ settings }: Agent): string {
  const args = settings?.get('args');
  return typeof args === 'string' ? args : '';
}
