from trailquery.cli import main

main()
