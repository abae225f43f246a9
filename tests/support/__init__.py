"""What tests stand on: stores, people made to order, processes to start and to kill."""
