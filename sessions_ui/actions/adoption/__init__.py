"""Take sessions over from another engine, so that they go on in this one."""
