from _hitchpost import environment

environ = environment()
