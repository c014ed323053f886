// Steps of widespread plugins. `catalogueNotation.ts` tells how to read this.

export const PLUGIN_STEPS = `
ansiColor body
  Shows colours in its body's log.
  * colorMapName string! xterm, vga, css or gnome-terminal.
lock body
  Waits until a resource is free, and holds it for its body.
  * resource string The resource.
  - label string Any resource with this label.
  - quantity integer How many of the label.
  - variable string A variable that tells which were given.
  - inversePrecedence boolean=false The newest run first.
  - skipIfLocked boolean=false Skips the body instead of waiting.
  - extra list More resources.
  - priority integer=0 Who goes first.
  - resourceSelectStrategy string=sequential How one is chosen.
  > lock(resource: '<1:name>') {\\n\\t<0>\\n}
`;
