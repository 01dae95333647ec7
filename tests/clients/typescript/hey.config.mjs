// Node.js finds modules by their whole name.
export default {
  input: "openapi.json",
  output: { path: "hey", module: { extension: ".js" } },
};
