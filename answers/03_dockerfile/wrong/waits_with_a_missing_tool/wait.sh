until nc -z 127.0.0.1 80; do
    sleep 0.2
done
exec python app.py
