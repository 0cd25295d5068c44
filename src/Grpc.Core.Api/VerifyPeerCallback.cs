namespace Grpc.Core;

/// <summary>Decides whether a server whose certificate is otherwise in order will do.</summary>
public delegate bool VerifyPeerCallback(VerifyPeerContext context);
