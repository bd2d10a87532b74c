// Writes the settings of a run into the page's address, so that the address can be sent to others.
always((value) => {
  if (value.query) history.replaceState(null, '', `${location.pathname}?${value.query}`);
});
