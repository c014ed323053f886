// Stands in for native-watchdog, which has to be compiled: ends the extension host when the server that
// started it has gone. Kernel threads would see it even while JavaScript is busy; for tests this does.

export const start = (pid) => {
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(87);
    }
  }, 1000).unref();
};

export const exit = (code) => process.exit(code);
