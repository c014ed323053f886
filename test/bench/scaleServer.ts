/** The double at scale in a process of its own; prints its address as JSON. */
import { startJenkins } from '../bed/jenkins/double';
import { hugeLog } from '../bed/jenkins/hugeLog';
import { scaleWorld } from '../bed/jenkins/scale';

const log = hugeLog(2e9);
const { base } = await startJenkins({ world: scaleWorld({ now: Date.now(), log }) });
console.log(JSON.stringify({ base }));
