// Loaded into jsii's Node process ahead of cdk-nag: writes what each rule said of each resource, which cdk-nag 3 keeps
// only where it is a finding. Without it nobody could tell "passed" from "looked at nothing".
//
// Leaves `<pack>.verdicts.json` in the app's output folder: rule -> what it says, and verdict -> number of resources.
// Changes no verdict.

"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const load = Module._load;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (path.basename(request) === "nag-pack" && !Object.hasOwn(loaded.NagPack.prototype, "verdicts")) {
    record(loaded.NagPack.prototype);
  }
  return loaded;
};

function record(pack) {
  const { applyRule, validateScope } = pack;
  pack.verdicts = undefined;

  pack.applyRule = function (given) {
    const { rule } = given;
    const listening = (resource) => {
      const verdict = rule(resource);
      this.verdicts[name][Array.isArray(verdict) ? (verdict.length ? "Non-Compliant" : "Compliant") : verdict]++;
      return verdict;
    };
    const name = `${this.packName}-${given.ruleSuffixOverride ?? rule.name}`;
    this.verdicts[name] ??= { says: given.info, Compliant: 0, "Non-Compliant": 0, "N/A": 0 };
    Object.defineProperty(listening, "name", { value: rule.name });
    return applyRule.call(this, { ...given, rule: listening });
  };

  pack.validateScope = function (scope) {
    this.verdicts = {};
    const report = validateScope.call(this, scope);
    fs.writeFileSync(path.join(scope.outdir, `${this.packName}.verdicts.json`), JSON.stringify(this.verdicts, null, 1));
    return report;
  };
}
