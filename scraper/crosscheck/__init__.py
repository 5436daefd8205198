"""What we publish beside what public price lists say: who agrees, who differs, by which evidence. It writes nothing."""
