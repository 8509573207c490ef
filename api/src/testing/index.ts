/** For tests and measurements only: the api as composed, single features on a real database, and the whole product. */
export { ABUSIVE, BEYOND_LIMITS, PROBE, times, WITHIN_LIMITS } from './abusive-documents.js';
export { ApiClient, PASSWORD, type Answer } from './api-client.js';
export { AgentClient, helloOf, type Identity } from './agent-client.js';
export { EnrolledAgent } from './enrolled-agent.js';
export { enrolIdentity, type EnrolledIdentity } from './enrolled-identity.js';
export { FeatureHarness } from './feature-harness.js';
export { freePort } from './free-port.js';
export { eventually, OperationFault, Operator, type SeenCommand, type SeenServer } from './operator.js';
export { BUILT_START, StartedPilothouse } from './started-pilothouse.js';
export { TestApi } from './test-api.js';
