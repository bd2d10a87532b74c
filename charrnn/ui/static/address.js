// Keep the page's address in step with the settings, so that it can be sent to a class.
always((value) => {
  if (value.query) history.replaceState(null, '', `${location.pathname}?${value.query}`);
});
