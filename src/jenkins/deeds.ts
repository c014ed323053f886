/** What `Doing` does: a bundle of its own, `dist/deeds.js`. */
export { agentsOn } from './agents';
export { awaitEnd, build, readForm, readParameters, stop } from './build';
export { cancel, follow } from './follow';
export { answer, readInputs } from './inputs';
export { loadedScripts, replay, restart, restartableStages } from './replay';
