// @ts-nocheck Syntax tree nodes arrive untyped: npm keeps oxlint, and so its types, out of this folder's reach.

/** Rules of this repository that oxlint does not bring, as an oxlint plugin. `scripts/fixtures/lint` breaks each. */

const childProcessModules = new Set(['child_process', 'node:child_process']);
const spawners = new Set(['spawn', 'spawnSync', 'execFile', 'execFileSync', 'fork']);
const shellFunctions = new Set(['exec', 'execSync']);

const noShell = rule((report) => ({
  ImportDeclaration(node) {
    if (!childProcessModules.has(node.source.value)) return;
    for (const specifier of node.specifiers) {
      if (specifier.type !== 'ImportSpecifier') report(specifier, 'Import what you need from child_process by name.');
      else if (shellFunctions.has(nameOf(specifier.imported))) {
        report(specifier, 'exec runs a shell: use execFile or spawn with an argument array.');
      }
    }
  },
  ImportExpression(node) {
    if (childProcessModules.has(node.source.value)) report(node, 'Import child_process statically and by name.');
  },
  CallExpression(node) {
    if (node.callee.name === 'require' && childProcessModules.has(node.arguments[0]?.value)) {
      report(node, 'Import child_process statically and by name.');
    }
    if (!spawners.has(nameOf(node.callee.property ?? node.callee))) return;
    for (const argument of node.arguments) {
      const shell = argument.properties?.find((property) => nameOf(property.key) === 'shell');
      if (shell && shell.value.value !== false && shell.value.value !== true) {
        report(shell, 'No shell between us and a program: leave the option out.');
      }
    }
  },
  Property(node) {
    if (nameOf(node.key) === 'shell' && node.value.value === true) {
      report(node, 'No shell between us and a program: leave the option out.');
    }
  },
}));

const environmentMessage = 'The environment is read in src/kernel/environment.ts only, where it is validated.';

const noProcessEnv = rule((report) => ({
  MemberExpression(node) {
    const isProcess = nameOf(node.object.property ?? node.object) === 'process';
    if (isProcess && nameOf(node.property) === 'env') report(node, environmentMessage);
  },
  VariableDeclarator(node) {
    const takesEnv = node.id.properties?.some((property) => nameOf(property.key) === 'env');
    if (takesEnv && nameOf(node.init) === 'process') report(node, environmentMessage);
  },
  ImportSpecifier(node) {
    const isProcess = ['process', 'node:process'].includes(node.parent.source.value);
    if (isProcess && nameOf(node.imported) === 'env') report(node, environmentMessage);
  },
}));

const noSilentCatch = rule((report, source) => ({
  CallExpression(node) {
    if (nameOf(node.callee.property) !== 'catch') return;
    const body = node.arguments[0]?.body;
    if (body?.type === 'BlockStatement' && body.body.length === 0 && source.getCommentsInside(body).length === 0) {
      report(node.arguments[0], 'Say in a comment why this failure may be ignored.');
    }
  },
}));

const repositoryMessage = 'Only *.repository.ts and kernel/database know the database: ask a repository.';

const sqlInRepositories = rule((report) => ({
  MemberExpression(node) {
    if (nameOf(node.property) === 'manager') report(node, repositoryMessage);
  },
  CallExpression(node) {
    if (nameOf(node.callee.property) === 'lookUp') report(node, repositoryMessage);
  },
  ObjectPattern(node) {
    const taken = node.properties.find((property) => nameOf(property.key) === 'manager');
    if (taken) report(taken, repositoryMessage);
  },
}));

export default {
  meta: { name: 'pilothouse' },
  rules: {
    'no-shell': noShell,
    'no-process-env': noProcessEnv,
    'no-silent-catch': noSilentCatch,
    'sql-in-repositories': sqlInRepositories,
  },
};

function rule(visitor) {
  return {
    create: (context) => visitor((node, message) => context.report({ node, message }), context.sourceCode),
  };
}

/** The name of an identifier or the value of a string literal, as in `a.b` and `a['b']`. */
function nameOf(node) {
  return node?.name ?? node?.value;
}
