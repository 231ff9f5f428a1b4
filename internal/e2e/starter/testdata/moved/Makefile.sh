set -e
mkdir -p out/share
cat app.sh >out/app
chmod 0755 out/app
wc -c <app.sh >out/share/size
