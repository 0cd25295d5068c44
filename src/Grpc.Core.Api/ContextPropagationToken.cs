namespace Grpc.Core;

/// <summary>Carries what one call inherits from another; opaque, made by <see cref="ServerCallContext"/>.</summary>
public abstract class ContextPropagationToken
{
    private protected ContextPropagationToken()
    {
    }
}
