"""The Storage API's PUT and GET on Flask, as the original has them: run it with waitress-serve."""

from flask import Flask, Response, jsonify, request

app = Flask(__name__)
buckets = {}


@app.put("/api/buckets/<bucket_id>")
def put(bucket_id):
    buckets[bucket_id] = request.get_data()
    return Response(status=200)


@app.get("/api/buckets/<bucket_id>")
def get(bucket_id):
    data = buckets.get(bucket_id)
    if data is None:
        return jsonify(error="not found"), 404
    return Response(data, mimetype="application/octet-stream")
