const oldestNode = { major: 20, minor: 19 };
const architectures = ['x64', 'arm64'];

/**
 * Says why Pilothouse cannot run on a machine, or returns `undefined` where it can.
 *
 * @param {{ platform: string, arch: string, nodeVersion: string, glibcVersion: string | undefined }} machine
 * @returns {string | undefined}
 */
export function refusalFor(machine) {
  const [major = 0, minor = 0] = machine.nodeVersion.split('.').map(Number);
  if (major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor)) {
    return `Pilothouse needs Node ${oldestNode.major}.${oldestNode.minor} or newer; this is Node ${machine.nodeVersion}.`;
  }
  if (machine.platform !== 'linux' || !architectures.includes(machine.arch)) {
    return `Pilothouse runs on Linux x64 and arm64; this is ${machine.platform} ${machine.arch}.`;
  }
  if (machine.glibcVersion === undefined) {
    return 'Pilothouse needs a Linux with glibc (Debian, Ubuntu, Fedora and the like); this one has another C library.';
  }
  return undefined;
}

/** Ends the process with a sentence where Pilothouse cannot run. */
export function refuseUnsupportedMachine() {
  const refusal = refusalFor({
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.versions.node,
    glibcVersion: glibcVersion(),
  });
  if (refusal === undefined) return;
  console.error(refusal);
  process.exit(1);
}

function glibcVersion() {
  if (process.platform !== 'linux') return undefined;
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime;
}
