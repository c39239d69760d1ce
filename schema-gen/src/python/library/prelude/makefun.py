import functools
import inspect
from _hitchpost import unknown


def with_signature(func_signature, func_name=None, inject_as_first_arg=False, add_source=True, add_impl=True,
                   doc=None, qualname=None, co_name=None, module_name=None, **attrs):
    def decorator(function):
        if isinstance(func_signature, inspect.Signature):
            function.__signature__ = func_signature
        elif func_signature is not None:
            function.__signature__ = unknown("a signature that is given as text")
        if func_name is not None:
            function.__name__ = func_name
        if doc is not None:
            function.__doc__ = doc
        return function

    return decorator


def create_function(func_signature, func_impl, func_name=None, **attrs):
    def created(*args, **kwargs):
        return func_impl(*args, **kwargs)

    return with_signature(func_signature, func_name or func_impl.__name__)(created)


def wraps(wrapped_fun, new_sig=None, prepend_args=None, append_args=None, remove_args=None, func_name=None, **attrs):
    def decorator(function):
        functools.update_wrapper(function, wrapped_fun)
        signature = new_sig
        if signature is None:
            signature = inspect.signature(wrapped_fun)
            removed = [remove_args] if isinstance(remove_args, str) else remove_args or []
            kept = [it for it in signature.parameters.values() if it.name not in removed]
            before = [prepend_args] if isinstance(prepend_args, inspect.Parameter) else prepend_args or []
            after = [append_args] if isinstance(append_args, inspect.Parameter) else append_args or []
            signature = signature.replace(parameters=[*before, *kept, *after])
        return with_signature(signature, func_name)(function)

    return decorator
