"""Components that several tabs use: custom HTML elements and the values they take."""
