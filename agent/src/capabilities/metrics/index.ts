/** Figures of the host: read from /proc every ten seconds, buffered on disk, given to the link. */
export { HostFiles } from './host-files.js';
export { HostReader, type HostReading } from './host-reader.js';
export { isInternalInterface } from './interfaces.parser.js';
export { parseMemory } from './memory.parser.js';
export { MetricsCapability, type MetricsCapabilityOptions } from './metrics.capability.js';
export { hostMounts, MountUsageReader } from './mount-usage.js';
export { parseMounts } from './mounts.parser.js';
export { parseProcessors } from './processor.parser.js';
export { Sampler, type Clock } from './sampler.js';
