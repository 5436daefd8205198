"""Getting bytes or an honest failure: live client, archive, replay of captures, decoding."""
