{
  "targets": [
    {
      "target_name": "taskmaster",
      "sources": [
        "native/addon.cc",
        "native/child_mounts.cc",
        "native/child_setup.cc",
        "native/environment.cc",
        "native/family.cc",
        "native/file_call.cc",
        "native/file_identity.cc",
        "native/file_place.cc",
        "native/file_workers.cc",
        "native/files.cc",
        "native/landlock.cc",
        "native/listen_socket.cc",
        "native/mounts.cc",
        "native/reap.cc",
        "native/signals.cc",
        "native/spawn.cc",
        "native/spawn_preparation.cc",
        "native/spawner.cc",
        "native/place_watch.cc",
        "native/stream_sizes.cc",
        "native/system_calls.cc",
        "native/system_error.cc",
        "native/threads.cc",
        "native/unix_sockets.cc",
        "native/user_database.cc",
        "native/wall_timer.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-O2"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti"],
      "ldflags": ["-Wl,--as-needed", "-Wl,-z,now", "-Wl,-z,relro", "-static-libstdc++", "-static-libgcc"]
    },
    {
      "target_name": "launcher",
      "type": "executable",
      "sources": [
        "native/launcher/engine_socket.c",
        "native/launcher/init.c",
        "native/launcher/init_options.c",
        "native/launcher/init_report.c",
        "native/launcher/json.c",
        "native/launcher/main.c",
        "native/launcher/output_queue.c",
        "native/launcher/run_node.c",
        "native/launcher/signal_names.c",
        "native/launcher/verb.c"
      ],
      "defines": ["_GNU_SOURCE", "TASKMASTER_VERSION=\"<!(node -p \"require('./package.json').version\")\""],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-Os"],
      "ldflags": ["-static"]
    },
    {
      "target_name": "hold-signals",
      "type": "loadable_module",
      "sources": ["native/preload/hold_signals.c"],
      "defines": ["_GNU_SOURCE"],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-Os", "-fPIC", "-fvisibility=hidden", "-fno-stack-protector"],
      "ldflags": ["-nostdlib", "-Wl,-z,now", "-Wl,-z,relro"]
    }
  ]
}
