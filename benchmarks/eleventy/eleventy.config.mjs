export default function (config) {
  config.setNunjucksEnvironmentOptions({ trimBlocks: true, lstripBlocks: true });
  return { dir: { input: "pages", includes: "../includes", data: "../data", output: "site" } };
}
