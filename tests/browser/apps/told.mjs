/** What a call gives, or the error's code and words: an `Error` does not survive the way to the test. */
export const told =
  (call) =>
  async (...args) => {
    try {
      return { value: await call(...args) };
    } catch (error) {
      return { error: error.error ?? error.name, description: error.error_description ?? error.message };
    }
  };
