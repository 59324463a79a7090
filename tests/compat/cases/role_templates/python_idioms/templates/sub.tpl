sub {{ s }}
