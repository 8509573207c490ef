/** One command's own process, which outlives the agent. */
export { makeOutputPipes } from './output-pipes.js';
export { runJob } from './run-job.js';
