using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Mfn.Server.Web.Reference;

/// <summary>A path of the reference's API, and the method of the contracts that serves it.</summary>
/// <param name="path">The path.</param>
/// <param name="method">The method.</param>
internal abstract class ReferenceEndpoint(string path, MethodDescriptor method)
{
    /// <summary>How it is called.</summary>
    public HttpRule Rule { get; } = new(HttpMethods.Post, new PathTemplate(path), Body: "*", method);

    /// <summary>Makes the message of a body.</summary>
    /// <param name="json">The body: JSON as Python reads it.</param>
    /// <param name="limit">The most bytes that a message may have.</param>
    /// <param name="problems">Gets what is wrong; if anything is, the message is of no use.</param>
    /// <exception cref="PythonJsonException">It is not JSON.</exception>
    /// <exception cref="ReferenceFaultException">The reference has another status for it than that of problems.</exception>
    public abstract IMessage Read(ReadOnlySpan<byte> json, int limit, BodyProblems problems);

    /// <summary>Writes the answer as the reference does.</summary>
    public abstract void Write(Utf8JsonWriter writer, IMessage request, IMessage answer);

    /// <summary>The member of the body that a field of the message is made of.</summary>
    public virtual string MemberOf(string field) => field[(field.LastIndexOf('.') + 1)..];
}
