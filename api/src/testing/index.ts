/** For tests and measurements only: the api as composed, single features on a real database, and the whole product. */
export { ApiClient, PASSWORD, type Answer } from './api-client.js';
export { EnrolledAgent } from './enrolled-agent.js';
export { FeatureHarness } from './feature-harness.js';
export { eventually, Operator, type SeenCommand, type SeenServer } from './operator.js';
export { BUILT_START, StartedPilothouse } from './started-pilothouse.js';
export { TestApi } from './test-api.js';
