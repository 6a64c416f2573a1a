"""The rules of service centers, their people and their links to cars. Standard library only."""
